/* Yardstick: what a Kraken Spot ping costs in C, with one read and one write per readable event.
 *
 * It looks for what it needs in the text and checks nothing else: the limit, not a server.
 */
#include "server.h"

enum { STAMP = 27 }; /* 2026-01-01T00:00:00.000000Z */

static char *copied(char *to, const char *text) { return stpcpy(to, text); }

static char *stamped(char *to)
{
    static time_t second = -1;
    static char until_second[32];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second) {
        struct tm parts;
        second = now.tv_sec;
        strftime(until_second, sizeof until_second, "%Y-%m-%dT%H:%M:%S.", gmtime_r(&second, &parts));
    }
    memcpy(to, until_second, STAMP - 7);
    uint32_t fraction = (uint32_t)now.tv_nsec / 1000;
    for (int i = STAMP - 2; i >= STAMP - 7; i--, fraction /= 10)
        to[i] = (char)('0' + fraction % 10);
    to[STAMP - 1] = 'Z';
    return to + STAMP;
}

static size_t answer(const struct frame *frame, size_t end)
{
    const char *text = (char *)frame->payload, *last = text + frame->size;
    char *start = (char *)out + end + 2, *to = start;
    const char *id = memmem(text, frame->size, "\"req_id\":", 9);
    if (!memmem(text, frame->size, "\"ping\"", 6) || id == NULL)
        return end;
    to = copied(to, "{\"method\":\"pong\",\"req_id\":");
    for (id += 9; id < last && *id >= '0' && *id <= '9'; id++)
        *to++ = *id;
    to = stamped(copied(to, ",\"time_in\":\""));
    to = stamped(copied(to, "\",\"time_out\":\""));
    to = copied(to, "\"}");
    size_t size = (size_t)(to - start);
    if (size > 125)
        fail("a pong of %zu bytes", size);
    out[end] = FIN | TEXT, out[end + 1] = (uint8_t)size;
    return end + 2 + size;
}

static void requested(int fd, const char *head)
{
    (void)head;
    leave(fd);
}

int main(void) { return serve(); }
