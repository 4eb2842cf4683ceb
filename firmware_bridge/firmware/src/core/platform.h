/* What the core needs of the machine under it; implemented by the AVR and by the host layer. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#define PLATFORM_CLOCK_HZ 16000000UL

/* Microseconds since boot; wraps every 71.6 minutes. Callable in interrupts. */
uint32_t platform_now_us(void);

/* Outlet k is open where bit k is set. Callable in interrupts. */
void platform_set_outlets(uint8_t mask);

void platform_set_belt(bool running);
void platform_set_status_led(bool lit);

/* Levels of the input pins as INPUT_* bits. */
uint8_t platform_inputs(void);

/* Queues bytes for the host: all of them, or none and false if there is no room. */
bool platform_transmit(const uint8_t *data, uint8_t length);

#endif
