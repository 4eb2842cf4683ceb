/* Keeps interrupts out of what they share with the code that they interrupt. */
#ifndef LOCK_H
#define LOCK_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <stdint.h>

typedef uint8_t lock_t;

static inline void compiler_barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline lock_t lock(void)
{
    lock_t held = SREG;
    cli();
    compiler_barrier();
    return held;
}

static inline void unlock(lock_t held)
{
    compiler_barrier();
    SREG = held;
}

/* Opens a gap in a lock, also in one that an interrupt holds by its nature. */
static inline void let_interrupts_in(void)
{
    compiler_barrier();
    sei();
}

static inline void keep_interrupts_out(void)
{
    cli();
    compiler_barrier();
}

#endif
