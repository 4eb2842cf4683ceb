/* Ticks for a belt without an encoder, from compare B of timer 1. */
#ifndef VIRTUAL_TICKS_H
#define VIRTUAL_TICKS_H

#include "board.h"

void virtual_ticks_start(struct board *board);

#endif
