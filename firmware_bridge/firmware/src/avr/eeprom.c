#include <avr/io.h>

#include "lock.h"
#include "platform.h"

uint8_t platform_eeprom_read(uint8_t address)
{
    while (EECR & _BV(EEPE))
        ;
    EEAR = address;
    EECR |= _BV(EERE);
    return EEDR;
}

bool platform_eeprom_write(uint8_t address, uint8_t value)
{
    if (EECR & _BV(EEPE))
        return false;
    if (platform_eeprom_read(address) == value)
        return true;
    lock_t held = lock();
    EEDR = value;
    EECR = _BV(EEMPE);
    EECR |= _BV(EEPE);
    unlock(held);
    return true;
}
