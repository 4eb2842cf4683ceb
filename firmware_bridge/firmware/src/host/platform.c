#include "platform.h"

#include <string.h>

#include "host.h"

struct host host;

uint32_t platform_now_us(void)
{
    return host.now_us;
}

void platform_set_outlets(uint8_t mask)
{
    host.outlets = mask;
}

void platform_set_servos(uint8_t mask)
{
    host.servos = mask;
}

void platform_stop_pulses(void)
{
}

void platform_set_virtual_speed(uint32_t mticks_s)
{
    host.virtual_mticks_s = mticks_s;
}

void platform_run_virtual_ticks(bool running)
{
    host.virtual_ticks = running;
}

uint8_t platform_eeprom_read(uint8_t address)
{
    return host.eeprom[address];
}

bool platform_eeprom_write(uint8_t address, uint8_t value)
{
    if (host.eeprom[address] == value || host.eeprom_dead)
        return true;
    if (host.eeprom_cut && --host.eeprom_cut == 0) {
        host.eeprom_dead = true;
        value = host.eeprom_torn;
    }
    host.eeprom[address] = value;
    return true;
}

void platform_set_stack_light(bool lit)
{
    host.stack_light = lit;
}

void platform_set_belt(bool running)
{
    host.belt = running;
}

void platform_set_status_led(bool lit)
{
    host.status_led = lit;
}

uint8_t platform_inputs(void)
{
    return host.inputs;
}

bool platform_transmit(const uint8_t *data, uint8_t length)
{
    if (length > sizeof host.wire - host.wire_length)
        return false;
    memcpy(host.wire + host.wire_length, data, length);
    host.wire_length = (uint16_t)(host.wire_length + length);
    return true;
}
