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

/* rounds << 15 | half_us >> 1, by bytes: an AVR shifts bit by bit. */
static inline uint32_t join(uint32_t rounds, uint16_t half_us)
{
    uint32_t us = (rounds << 16 | half_us) >> 1;
    return rounds & 0x10000 ? us | 0x80000000 : us;
}

/* The count may have wrapped with interrupts off: then a low reading was taken after the wrap. */
static inline uint32_t rounds_at(uint16_t now)
{
    uint32_t rounds = overflows;
    return TIFR1 & _BV(TOV1) && now < 0x8000 ? rounds + 1 : rounds;
}

uint32_t clock_us_at(uint16_t half_us)
{
    lock_t held = lock();
    uint16_t now = TCNT1;
    uint32_t rounds = rounds_at(now);
    unlock(held);
    return join(half_us > now ? rounds - 1 : rounds, half_us);
}

uint32_t platform_now_us(void)
{
    lock_t held = lock();
    uint16_t now = TCNT1;
    uint32_t rounds = rounds_at(now);
    unlock(held);
    return join(rounds, now);
}
