/* The outlets' pins, inline for the interrupts that set them. */
#ifndef OUTLET_PINS_H
#define OUTLET_PINS_H

#include <avr/io.h>
#include <stdint.h>

/* Pins that follow the board's mask; the others are servos or no outlets. Outlets 0-3 are the high half
 * of port D, 4-7 the low half of port C. */
extern uint8_t digital_pins_d, digital_pins_c;

/* Interrupts off. */
static inline void platform_set_outlets(uint8_t mask)
{
    uint8_t swapped = __builtin_avr_swap(mask);
    uint8_t pins_d = digital_pins_d, pins_c = digital_pins_c;
    PORTD = (uint8_t)((PORTD & (uint8_t)~pins_d) | (swapped & pins_d));
    PORTC = (uint8_t)((PORTC & (uint8_t)~pins_c) | (swapped & pins_c));
}

#endif
