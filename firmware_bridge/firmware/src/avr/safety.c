#include "safety.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>

#include "beam_pins.h"
#include "encoder.h"
#include "lock.h"
#include "pins.h"
#include "the_board.h"

#define MS 250 /* counts of timer 2 at 16 MHz / 64 */

static volatile bool timer_ran;
static uint8_t owed;

void safety_start(void)
{
    PCMSK1 = PIN_BIT(PIN_ESTOP);
    PCIFR = _BV(PCIF1);
    PCICR |= _BV(PCIE1);
    OCR2A = MS;
    TIMSK2 = _BV(OCIE2A);
    TCCR2B = _BV(CS22);
    wdt_enable(WDTO_120MS);
}

/* An E-stop that chatters is latched already: nothing more has to be heard of it. */
ISR(PCINT1_vect)
{
    if (PIN_LEVEL(PIN_ESTOP)) {
        PCICR &= (uint8_t)~_BV(PCIE1);
        board_on_estop(&the_board);
    }
}

/* Not inline: the interrupt around it would save more registers before it lets others in. */
__attribute__((noinline)) static void pass_ms(void)
{
    encoder_pass_ms();
    beam_pins_pass_ms();
    board_on_timer(&the_board);
    lock_t held = lock();
    if (!the_board.estop)
        PCICR |= _BV(PCIE1);
    unlock(held);
    timer_ran = true;
}

/* Encoder and wire may interrupt it. When it takes longer than a millisecond it makes up for it, so
 * that no time limit gets longer. */
ISR(TIMER2_COMPA_vect)
{
    OCR2A = (uint8_t)(OCR2A + MS);
    if (owed++)
        return;
    do {
        let_interrupts_in();
        pass_ms();
        keep_interrupts_out();
    } while (--owed);
}

void safety_main_progress(void)
{
    if (!timer_ran)
        return;
    timer_ran = false;
    wdt_reset();
}
