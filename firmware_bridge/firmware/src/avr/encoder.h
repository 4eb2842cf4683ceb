/* Quadrature in INT0 and INT1: every edge of either channel is one tick. */
#ifndef ENCODER_H
#define ENCODER_H

#include "board.h"

/* The levels as they are now are where counting starts. */
void encoder_start(struct board *board);

#endif
