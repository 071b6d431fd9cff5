/* RFC 6455 by hand, as little as the yardsticks need: for loopback, and for peers that mean well.
 *
 * Law: only a C compiler and its library are assumed, so SHA-1 and base64 are here too.
 */
#ifndef WIRE_H
#define WIRE_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };
enum { FIN = 0x80, MASKED = 0x80 };

static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *said, ...)
{
    va_list rest;
    va_start(rest, said);
    vfprintf(stderr, said, rest);
    va_end(rest);
    fputc('\n', stderr);
    exit(1);
}

static inline uint64_t nanoseconds(clockid_t clock)
{
    struct timespec read;
    clock_gettime(clock, &read);
    return (uint64_t)read.tv_sec * 1000000000u + (uint64_t)read.tv_nsec;
}

static inline uint64_t monotonic(void) { return nanoseconds(CLOCK_MONOTONIC); }

/* The handshake. */

static inline uint32_t rotated(uint32_t word, int by) { return word << by | word >> (32 - by); }

static void sha1_block(uint32_t state[5], const uint8_t *block)
{
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999
                         : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1
                         : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
                                  : (b ^ c ^ d) + 0xCA62C1D6;
        uint32_t next = rotated(a, 5) + mixed + e + w[i];
        e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* Of a text of at most 119 bytes, which is two blocks. */
static void sha1(const char *text, size_t size, uint8_t digest[20])
{
    uint8_t padded[128] = {0};
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    size_t whole = size < 56 ? 64 : 128;
    memcpy(padded, text, size);
    padded[size] = 0x80;
    padded[whole - 2] = (uint8_t)(size * 8 >> 8), padded[whole - 1] = (uint8_t)(size * 8);
    for (size_t at = 0; at < whole; at += 64)
        sha1_block(state, padded + at);
    for (int i = 0; i < 20; i++)
        digest[i] = (uint8_t)(state[i / 4] >> (24 - i % 4 * 8));
}

static void base64(const uint8_t *bytes, size_t size, char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        *text++ = letters[three >> 18];
        *text++ = letters[three >> 12 & 63];
        *text++ = left > 1 ? letters[three >> 6 & 63] : '=';
        *text++ = left > 2 ? letters[three & 63] : '=';
    }
    *text = 0;
}

/* The server's whole answer to an upgrade; its size, or 0 when the head asks for none. */
static size_t welcome(const char *head, char *answer)
{
    const char *key = strcasestr(head, "sec-websocket-key:");
    char keyed[64], accept[32];
    uint8_t digest[20];
    if (key == NULL)
        return 0;
    key += strlen("sec-websocket-key:");
    key += strspn(key, " \t");
    int size = (int)strcspn(key, " \t\r\n");
    if (size != 24)
        fail("a key of %d bytes", size);
    snprintf(keyed, sizeof keyed, "%.24s%s", key, GUID);
    sha1(keyed, strlen(keyed), digest);
    base64(digest, sizeof digest, accept);
    return (size_t)sprintf(answer,
                           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                           accept);
}

/* Frames. */

struct frame {
    int opcode;
    uint8_t *payload;
    size_t size;
};

static inline void mask_over(uint8_t *bytes, size_t size, const uint8_t mask[4])
{
    uint32_t four;
    uint64_t eight;
    size_t at = 0;
    memcpy(&four, mask, 4);
    for (; at + 8 <= size; at += 8) {
        memcpy(&eight, bytes + at, 8);
        eight ^= (uint64_t)four << 32 | four;
        memcpy(bytes + at, &eight, 8);
    }
    for (; at < size; at++)
        bytes[at] ^= mask[at & 3];
}

/* How many bytes the first frame takes, its payload unmasked in place; 0 when it is not all there. */
static inline size_t cut(uint8_t *bytes, size_t have, struct frame *frame)
{
    if (have < 2)
        return 0;
    size_t size = bytes[1] & 0x7F, at = 2;
    if (size == 126) {
        if (have < 4)
            return 0;
        size = (size_t)bytes[2] << 8 | bytes[3], at = 4;
    } else if (size == 127)
        fail("a frame of over 64 KiB");
    uint8_t *mask = bytes[1] & MASKED ? bytes + at : NULL;
    at += mask ? 4 : 0;
    if (have < at + size)
        return 0;
    if (mask)
        mask_over(bytes + at, size, mask);
    *frame = (struct frame){bytes[0] & 0x0F, bytes + at, size};
    return at + size;
}

/* Writes a whole frame; masked when there is a mask. Its size. */
static inline size_t put(uint8_t *to, int opcode, const void *payload, size_t size,
                         const uint8_t *mask)
{
    size_t at = 2;
    to[0] = (uint8_t)(FIN | opcode);
    if (size < 126)
        to[1] = (uint8_t)size;
    else
        to[1] = 126, to[2] = (uint8_t)(size >> 8), to[3] = (uint8_t)size, at = 4;
    if (mask) {
        to[1] |= MASKED;
        memcpy(to + at, mask, 4);
        at += 4;
    }
    memmove(to + at, payload, size);
    if (mask)
        mask_over(to + at, size, mask);
    return at + size;
}

#endif
