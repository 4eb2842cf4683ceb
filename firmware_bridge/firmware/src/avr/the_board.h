/* The board of this program. A global, because interrupts reach it faster than through a pointer. */
#ifndef THE_BOARD_H
#define THE_BOARD_H

#include "board.h"

extern struct board the_board;

#endif
