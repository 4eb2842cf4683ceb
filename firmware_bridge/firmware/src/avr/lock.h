/* Keeps interrupts out of what the main loop shares with them. */
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

#endif
