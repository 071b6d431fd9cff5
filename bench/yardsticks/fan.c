/* Yardstick: what it costs in C to send the same bytes to many, one plain send() each.
 *
 *     fan TEXT
 *
 * Whoever upgrades is sent TEXT as a frame whenever somebody makes a plain HTTP request, and to
 * whatever it says itself it is answered with its own words.
 */
#include "server.h"

static uint8_t pushed[CHUNK];
static size_t pushed_size;

static size_t answer(const struct frame *frame, size_t end)
{
    return end + put(out + end, TEXT, frame->payload, frame->size, NULL);
}

static void requested(int fd, const char *head)
{
    static const char answered[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    (void)head;
    for (int each = 0; each <= highest; each++)
        if (peers[each].upgraded)
            say(each, pushed, pushed_size);
    say(fd, answered, strlen(answered));
}

int main(int count, char **told)
{
    if (count != 2 || strlen(told[1]) > CHUNK - 16)
        fail("usage: fan TEXT");
    pushed_size = put(pushed, TEXT, told[1], strlen(told[1]), NULL);
    return serve();
}
