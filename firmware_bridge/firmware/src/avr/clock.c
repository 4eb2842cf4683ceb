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

/* The count may have wrapped with interrupts off: then a low reading was taken after the wrap. */
uint32_t clock_us_at(uint16_t half_us)
{
    uint32_t rounds = overflows;
    bool wrapped = TIFR1 & _BV(TOV1);
    if (wrapped && half_us < 0x8000)
        rounds++;
    else if (!wrapped && half_us >= 0x8000 && TCNT1 < 0x8000)
        rounds--;
    return rounds << 15 | half_us >> 1;
}

uint32_t platform_now_us(void)
{
    lock_t held = lock();
    uint16_t half_us = TCNT1;
    uint32_t rounds = overflows;
    if (TIFR1 & _BV(TOV1) && half_us < 0x8000)
        rounds++;
    unlock(held);
    return rounds << 15 | half_us >> 1;
}
