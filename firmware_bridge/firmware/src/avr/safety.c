#include "safety.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>

#include "pins.h"

static struct board *guarded;
static volatile bool timer_ran;

void safety_start(struct board *board)
{
    guarded = board;
    PCMSK1 = PIN_BIT(PIN_ESTOP);
    PCIFR = _BV(PCIF1);
    PCICR = _BV(PCIE1);
    TIMSK2 = _BV(TOIE2);
    TCCR2B = _BV(CS22); /* 16 MHz / 64 / 256: every 1.024 ms */
    wdt_enable(WDTO_120MS);
}

ISR(PCINT1_vect)
{
    if (PIN_LEVEL(PIN_ESTOP))
        board_on_estop(guarded);
}

ISR(TIMER2_OVF_vect)
{
    timer_ran = true;
    board_on_timer(guarded);
}

void safety_main_progress(void)
{
    if (!timer_ran)
        return;
    timer_ran = false;
    wdt_reset();
}
