/* board_settle in an interrupt of its own: so those that call for it stay short, save few registers and
 * keep no encoder edge waiting. */
#ifndef SETTLING_H
#define SETTLING_H

#include <avr/io.h>
#include <stdbool.h>

void settling_start(void);

/* Within a few microseconds of interrupts being on: compare A of timer 0 at its next count but one, since
 * the next one may pass between reading and writing. Interrupts off. */
static inline void settle_soon(void)
{
    TIFR0 = _BV(OCF0A);
    OCR0A = (uint8_t)(TCNT0 + 2);
    TIMSK0 = _BV(OCIE0A);
}

/* The encoder gives edges that no belt can give. Interrupts off. */
extern volatile bool storm_noted;

#endif
