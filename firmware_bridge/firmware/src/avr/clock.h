/* Timer 1 runs free at 2 MHz and makes the microsecond clock. */
#ifndef CLOCK_H
#define CLOCK_H

void clock_start(void);

#endif
