/* Safety: who may start the belt, and what stops it. */
#ifndef GUARD_H
#define GUARD_H

#include "board.h"

/* A board that boots: silent, standing, with the E-stop as its chain is. */
void guard_init(struct board *board, bool settings_damaged);

/* --- main loop --- */

/* The host is there. */
void guard_hear(struct board *board);

/* A new session: the belt stops, and what was asked of it is forgotten. */
void guard_begin_session(struct board *board);

/* Each answers with REASON_NONE or why not. */
uint8_t guard_order_belt(struct board *board, uint8_t order, uint32_t virtual_mticks_s);
uint8_t guard_clear_estop(struct board *board, uint8_t step);

/* The faults as the host sees them. */
uint16_t guard_faults(const struct board *board);
uint8_t guard_flags(const struct board *board);

/* --- interrupts off; board_settle has to follow --- */

/* Raises a fault that stays until the start, stops the belt and every shot. */
void guard_stop_for(struct board *board, uint16_t fault, uint8_t reason);

#endif
