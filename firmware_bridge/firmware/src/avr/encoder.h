/* Quadrature in INT0 and INT1: every edge of either channel is one tick. */
#ifndef ENCODER_H
#define ENCODER_H

#include <stdbool.h>

/* The levels as they are now are where counting starts. */
void encoder_start(void);

/* Counts, or not while the ticks are virtual. Interrupts off. */
void encoder_count(bool counting);

/* Every millisecond, in an interrupt. */
void encoder_pass_ms(void);

#endif
