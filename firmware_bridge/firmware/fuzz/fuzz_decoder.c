/* The decoder fed with anything: it stays within its buffers, and what it accepts can be encoded and
 * decoded to the same frame again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "framing.h"

static const struct frame *decode(struct deframer *deframer, const uint8_t *wire, uint8_t length)
{
    const struct frame *frame = 0;
    for (uint8_t i = 0; i < length; i++)
        frame = deframer_take(deframer, wire[i]);
    return frame;
}

static void check_round_trip(uint8_t type, uint8_t seq, const uint8_t *payload, uint8_t length)
{
    static struct deframer deframer;
    uint8_t wire[FRAME_WIRE_MAX];
    uint8_t sent[MAX_PAYLOAD];
    memcpy(sent, payload, length);
    uint8_t size = frame_encode(wire, type, seq, sent, length);
    if (size > FRAME_WIRE_MAX || memchr(wire, 0, size) != wire + size - 1)
        __builtin_trap();
    memset(&deframer, 0, sizeof deframer);
    const struct frame *frame = decode(&deframer, wire, size);
    if (!frame || frame->type != type || frame->seq != seq || frame->length != length ||
        memcmp(frame->payload, sent, length))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deframer deframer;
    memset(&deframer, 0, sizeof deframer);
    for (size_t i = 0; i < size; i++) {
        const struct frame *frame = deframer_take(&deframer, data[i]);
        if (!frame)
            continue;
        if (frame->length > MAX_PAYLOAD)
            __builtin_trap();
        check_round_trip(frame->type, frame->seq, frame->payload, frame->length);
    }
    if (size >= 2)
        check_round_trip(data[0], data[1], data + 2,
                         size - 2 > MAX_PAYLOAD ? MAX_PAYLOAD : (uint8_t)(size - 2));
    return 0;
}
