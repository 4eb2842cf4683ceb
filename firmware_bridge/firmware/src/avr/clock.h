/* Timer 1 runs free at 2 MHz: the microsecond clock, the stamps of the entry beam, servos, virtual
 * ticks. Nothing resets its count. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

void clock_start(void);

/* The microseconds at which the timer stood at `half_us`, less than 32 ms ago. */
uint32_t clock_us_at(uint16_t half_us);

#endif
