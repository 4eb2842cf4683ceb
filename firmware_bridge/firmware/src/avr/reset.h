/* What happens before main, and what is known about why. */
#ifndef RESET_H
#define RESET_H

#include <stdint.h>

/* A RESET_* code. */
uint8_t reset_cause(void);

/* Counts this boot in the EEPROM and returns the count: no two boots share it. */
uint32_t reset_count_boot(void);

#endif
