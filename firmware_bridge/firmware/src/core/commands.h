/* What the host asks of the board. Main loop. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "board.h"

void commands_handle(struct board *board, const struct frame *frame);

#endif
