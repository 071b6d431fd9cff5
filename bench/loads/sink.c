/* Many subscribers who take whatever they are sent, for measuring what a push costs its sender.
 *
 *     sink port P target /path connections 1000 first '{"type":"subscribe",...}' settled '"ack"'
 *
 * Prints `{"event":"ready"}` when all have heard what settles them, then a line `{"heard":N}`
 * whenever so many frames have come as there are subscribers. It ends with its standard input.
 *
 * Law 1: all frames of a run have one size; one that has another is an error.
 * Law 2: while a push is under way it does not sleep: to wake it would cost the sender (`ping.c`).
 */
#include "client.h"

static struct link *links;
static size_t size_of_all;

static struct link *place(int i) { return &links[i]; }

static int readable(struct link *link)
{
    struct frame frame;
    ssize_t have = hear(link);
    size_t at = 0, taken;
    int frames = 0;
    if (have < 0)
        return 0;
    if (have == 0)
        fail("the server has closed a link");
    while ((taken = cut(chunk + at, (size_t)have - at, &frame))) {
        at += taken, frames++;
        size_of_all = size_of_all ? size_of_all : taken;
        if (frame.opcode != TEXT || taken != size_of_all)
            fail("unexpected: %.*s", (int)frame.size, frame.payload);
    }
    keep(link, chunk + at, (size_t)have - at);
    return frames;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    int poll = epoll_create1(0), count = asked_number("connections", NULL), heard = 0;
    struct epoll_event events[EVENTS];
    links = calloc((size_t)count, sizeof *links);
    open_links(poll, place, count, asked("target", "/"), asked("first", ""), asked("settled", ""));
    if (watched(poll, STDIN_FILENO, (uint32_t)count))
        fail("epoll: %s", strerror(errno));
    printf("{\"event\":\"ready\"}\n");
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, heard ? 0 : -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.u32 == (uint32_t)count) {
                epoll_ctl(poll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
                close_links(poll, place, count);
                return 0;
            }
            heard += readable(place((int)events[i].data.u32));
        }
        if (heard >= count) {
            printf("{\"heard\":%d}\n", heard);
            fflush(stdout);
            heard -= count;
        }
    }
}
