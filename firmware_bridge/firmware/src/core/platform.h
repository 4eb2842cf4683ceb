/* What the core needs of the machine under it; implemented by the AVR and by the host layer. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#define PLATFORM_CLOCK_HZ 16000000UL

/* Microseconds since boot; wraps every 71.6 minutes. Callable in interrupts. */
uint32_t platform_now_us(void);

/* Outlet k is open where bit k is set; bits of servos have no effect: platform_set_outlets(mask). */
#include "outlet_pins.h"

/* Which outlets are servos: their pins carry pulses from now on, as long as for the closed or the open
 * position by the board's mask. */
void platform_set_servos(uint8_t mask);

/* An emergency: a servo's running pulse ends now; none follows while it stands. */
void platform_stop_pulses(void);

/* Callable in interrupts. */
void platform_set_belt(bool running);
void platform_set_stack_light(bool lit);
void platform_set_status_led(bool lit);

/* Ticks that the board makes itself: how fast, in thousandths of a tick per second, and whether now.
 * While they run the encoder counts nothing. */
void platform_set_virtual_speed(uint32_t mticks_s);
void platform_run_virtual_ticks(bool running); /* callable in interrupts */

/* Levels of the input pins as INPUT_* bits. */
uint8_t platform_inputs(void);

/* Queues bytes for the host: all of them, or none and false if there is no room. */
bool platform_transmit(const uint8_t *data, uint8_t length);

uint8_t platform_eeprom_read(uint8_t address);

/* Begins to write a byte, unless it is there already; false while the one before is on its way. */
bool platform_eeprom_write(uint8_t address, uint8_t value);

#endif
