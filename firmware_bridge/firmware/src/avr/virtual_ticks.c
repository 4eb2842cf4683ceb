/* Ticks for a belt without an encoder, from compare B of timer 1. */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "encoder.h"
#include "lock.h"
#include "pins.h"
#include "settling.h"
#include "the_board.h"

#define LONGEST_STEP 0x4000U /* half microseconds; longer periods take several steps */

static uint32_t period_256; /* half microseconds, times 256 */
static uint32_t left;       /* half microseconds until the next tick */
static uint8_t fraction;

/* 2 MHz · 256 · 1000 does not fit 32 bits; an eighth of it leaves the period exact to 10 ppm. */
void platform_set_virtual_speed(uint32_t mticks_s)
{
    uint32_t period = 0xFFFFFFFF;
    uint32_t fastest = MAX_TICKS_PER_S * 1000UL;
    if (mticks_s > fastest)
        mticks_s = fastest;
    if (mticks_s > 1000)
        period = (uint32_t)(512000000000ULL / mticks_s);
    lock_t held = lock();
    period_256 = period;
    unlock(held);
}

static void add_period(void)
{
    uint16_t sum = (uint16_t)(fraction + (uint8_t)period_256);
    fraction = (uint8_t)sum;
    left += (period_256 >> 8) + (sum >> 8);
}

static void next_step(void)
{
    uint16_t step = left > LONGEST_STEP ? LONGEST_STEP / 2 : (uint16_t)left;
    left -= step;
    OCR1B += step;
}

void platform_run_virtual_ticks(bool running)
{
    bool runs = TIMSK1 & _BV(OCIE1B);
    if (running == runs)
        return;
    encoder_count(!running);
    if (!running) {
        TIMSK1 &= (uint8_t)~_BV(OCIE1B);
        return;
    }
    left = fraction = 0;
    OCR1B = TCNT1;
    add_period();
    next_step();
    TIFR1 = _BV(OCF1B);
    TIMSK1 |= _BV(OCIE1B);
}

ISR(TIMER1_COMPB_vect)
{
    bool tick = left == 0;
    if (tick)
        add_period();
    next_step();
    if (PIN_LEVEL(PIN_ESTOP))
        board_stop_at_tick(&the_board);
    if (tick && board_on_step(&the_board, 1))
        settle_soon();
}
