#include "clock.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "lock.h"
#include "platform.h"

static volatile uint32_t overflows;

void clock_start(void)
{
    TIMSK1 = _BV(TOIE1);
    TCCR1B = _BV(CS11);
}

ISR(TIMER1_OVF_vect)
{
    overflows++;
}

uint32_t platform_now_us(void)
{
    lock_t held = lock();
    uint16_t half_us = TCNT1;
    uint32_t rounds = overflows;
    /* The count may have wrapped with interrupts off; a high reading was taken before the wrap. */
    if (TIFR1 & _BV(TOV1) && half_us < 0x8000)
        rounds++;
    unlock(held);
    return rounds << 15 | half_us >> 1;
}
