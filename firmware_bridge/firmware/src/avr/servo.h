/* Hobby servos on outlets: one pulse each in a frame of 20 ms, by compare A of timer 1. */
#ifndef SERVO_H
#define SERVO_H

#include "board.h"

void servo_start(const struct board *board);

#endif
