/* Frames on the wire: COBS( type, sequence number, payload, CRC-16 low byte first ) and a zero. */
#ifndef FRAMING_H
#define FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"

#define FRAME_BODY_MAX (2 + MAX_PAYLOAD + 2)
#define FRAME_ENCODED_MAX (FRAME_BODY_MAX + 1)
#define FRAME_WIRE_MAX (FRAME_ENCODED_MAX + 1)

struct frame {
    uint8_t type;
    uint8_t seq;
    const uint8_t *payload;
    uint8_t length;
};

struct deframer {
    uint8_t buffer[FRAME_ENCODED_MAX];
    uint8_t length;
    bool overlong;
    uint16_t errors;
    struct frame frame;
};

/* CRC-16/CCITT-FALSE: polynomial 0x1021, without a table; the first call starts from 0xFFFF. */
uint16_t crc16_from(uint16_t crc, const void *data, uint8_t length);

/* Takes one byte; returns the sound frame that it completed, valid until the next call, or null. */
const struct frame *deframer_take(struct deframer *deframer, uint8_t byte);

/* Writes a frame with its delimiter to `wire` (FRAME_WIRE_MAX bytes) and returns its length. */
uint8_t frame_encode(uint8_t *wire, uint8_t type, uint8_t seq, const void *payload, uint8_t length);

#endif
