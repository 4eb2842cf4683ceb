/* What the board tells its host. Main loop. */
#ifndef TELLING_H
#define TELLING_H

#include "board.h"

void telling_identity(const struct board *board, uint8_t seq);
void telling_ack(uint8_t command, uint8_t seq, uint8_t status);
void telling_state(const struct board *board, uint8_t seq);
void telling_settings(const struct board *board, uint8_t seq, uint8_t part);

#endif
