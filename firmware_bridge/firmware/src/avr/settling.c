#include "settling.h"

#include <avr/interrupt.h>

#include "the_board.h"

volatile bool storm_noted;

void settling_start(void)
{
    TCCR0B = _BV(CS01);
}

ISR(TIMER0_COMPA_vect)
{
    TIMSK0 = 0;
    if (storm_noted) {
        storm_noted = false;
        board_on_storm(&the_board);
    } else {
        board_settle(&the_board);
    }
}
