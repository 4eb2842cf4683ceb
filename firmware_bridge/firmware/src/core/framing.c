#include "framing.h"

#include <string.h>

uint16_t crc16_from(uint16_t crc, const void *data, uint8_t length)
{
    const uint8_t *bytes = data;
    while (length--) {
        crc = (uint16_t)(crc >> 8 | crc << 8);
        crc ^= *bytes++;
        crc ^= (crc & 0xFF) >> 4;
        crc ^= (uint16_t)(crc << 12);
        crc ^= (uint16_t)((crc & 0xFF) << 5);
    }
    return crc;
}

/* In place; returns the decoded length, 0 if a code points past the end. */
static uint8_t cobs_decode(uint8_t *data, uint8_t length)
{
    uint8_t read = 0, written = 0;
    while (read < length) {
        uint8_t code = data[read++];
        if (code - 1 > length - read)
            return 0;
        for (uint8_t i = 1; i < code; i++)
            data[written++] = data[read++];
        if (read < length)
            data[written++] = 0;
    }
    return written;
}

static uint8_t cobs_encode(uint8_t *out, const uint8_t *data, uint8_t length)
{
    uint8_t code_at = 0, written = 1;
    for (uint8_t i = 0; i < length; i++) {
        if (data[i]) {
            out[written++] = data[i];
        } else {
            out[code_at] = (uint8_t)(written - code_at);
            code_at = written++;
        }
    }
    out[code_at] = (uint8_t)(written - code_at);
    return written;
}

static bool finish(struct deframer *deframer)
{
    struct frame *frame = &deframer->frame;
    uint8_t *body = deframer->buffer;
    uint8_t length = cobs_decode(body, deframer->length);
    if (length < 4)
        return false;
    uint16_t crc = (uint16_t)(body[length - 2] | body[length - 1] << 8);
    if (crc != crc16_from(0xFFFF, body, (uint8_t)(length - 2)))
        return false;
    frame->type = body[0];
    frame->seq = body[1];
    frame->payload = body + 2;
    frame->length = (uint8_t)(length - 4);
    return true;
}

const struct frame *deframer_take(struct deframer *deframer, uint8_t byte)
{
    if (byte) {
        if (deframer->length < FRAME_ENCODED_MAX)
            deframer->buffer[deframer->length++] = byte;
        else
            deframer->overlong = true;
        return 0;
    }
    bool empty = deframer->length == 0;
    bool sound = !empty && !deframer->overlong && finish(deframer);
    deframer->errors += !empty && !sound;
    deframer->length = 0;
    deframer->overlong = false;
    return sound ? &deframer->frame : 0;
}

uint8_t frame_encode(uint8_t *wire, uint8_t type, uint8_t seq, const void *payload, uint8_t length)
{
    uint8_t body[FRAME_BODY_MAX];
    if (length > MAX_PAYLOAD)
        return 0;
    body[0] = type;
    body[1] = seq;
    memcpy(body + 2, payload, length);
    uint16_t crc = crc16_from(0xFFFF, body, (uint8_t)(length + 2));
    body[length + 2] = (uint8_t)crc;
    body[length + 3] = (uint8_t)(crc >> 8);
    uint8_t written = cobs_encode(wire, body, (uint8_t)(length + 4));
    wire[written++] = 0;
    return written;
}
