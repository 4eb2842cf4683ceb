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
