#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <util/delay.h>

#include "beam_pins.h"
#include "boots.h"
#include "clock.h"
#include "encoder.h"
#include "pins.h"
#include "reset.h"
#include "safety.h"
#include "settling.h"
#include "the_board.h"
#include "uart.h"

/* A wire that is never silent must not keep the rest of the loop from its turn. */
#define BYTES_A_ROUND 48

struct board the_board;

/* Idle until an interrupt, unless a byte has come in since it was last looked: the instruction
 * after sei still runs before any interrupt, so none can slip in before the sleep. */
static void rest(void)
{
    cli();
    if (uart_is_empty()) {
        sleep_enable();
        sei();
        sleep_cpu();
        sleep_disable();
    }
    sei();
}

/* A board that cannot tell its boots apart might take an old shot for a new one: it stays as the reset
 * has left it, and its status LED flickers. */
__attribute__((noreturn)) static void give_up(void)
{
    for (;;) {
        PIN_PORT(PIN_STATUS_LED) ^= PIN_BIT(PIN_STATUS_LED);
        _delay_ms(50);
    }
}

int main(void)
{
    uint8_t byte;
    uint32_t boot_nonce = boots_count();
    if (!boot_nonce)
        give_up();
    uart_start();
    clock_start();
    settling_start();
    board_init(&the_board, boot_nonce, BUILD_HASH, reset_cause());
    encoder_start();
    beam_pins_start();
    safety_start();
    sei();
    for (;;) {
        for (uint8_t i = 0; i < BYTES_A_ROUND && uart_read(&byte); i++)
            board_receive(&the_board, byte);
        board_tell(&the_board);
        safety_main_progress();
        rest();
    }
}
