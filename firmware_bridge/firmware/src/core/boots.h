/* Counts the boots in the EEPROM, behind the settings: the count is the boot nonce. */
#ifndef BOOTS_H
#define BOOTS_H

#include <stdint.h>

#define BOOTS_AT 0x80
#define BOOT_RECORDS 21

/* Counts this boot; no two boots that get that far share their count. 0 if the EEPROM keeps nothing. */
uint32_t boots_count(void);

#endif
