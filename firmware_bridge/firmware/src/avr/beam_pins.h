/* The beams: the entry beam by input capture, the passed beam by pin change.
 *
 * A beam that has given an edge rests until the next millisecond, which looks at its level again: so
 * a chattering sensor takes no more time than a sound one. */
#ifndef BEAM_PINS_H
#define BEAM_PINS_H

void beam_pins_start(void);

/* Every millisecond, in an interrupt. */
void beam_pins_pass_ms(void);

#endif
