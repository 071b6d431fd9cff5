/* The loads' common half: options, links to a server, and what its processes have used.
 *
 * Law 1: a load is one thread on a core of its own and keeps nothing per link that it can do
 *        without, so that what it measures is the server.
 * Law 2: whatever is not as it should be ends the load with exit status 1 and a line that says why.
 */
#ifndef CLIENT_H
#define CLIENT_H

#define _GNU_SOURCE
#include "../yardsticks/wire.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 1 << 16, EVENTS = 1024, PATIENCE_MS = 10000, TOGETHER = 64, HEAD = 4096 };

/* Options: `name value` pairs, in any order. */

static char **options;

static const char *asked(const char *name, const char *otherwise)
{
    for (char **each = options; *each; each += 2)
        if (!strcmp(*each, name))
            return each[1];
    if (otherwise == NULL)
        fail("%s is missing", name);
    return otherwise;
}

static int asked_number(const char *name, const char *otherwise)
{
    return atoi(asked(name, otherwise));
}

static void begin(int count, char **told)
{
    if (count % 2 == 0)
        fail("usage: %s NAME VALUE ...", told[0]);
    options = told + 1;
    signal(SIGPIPE, SIG_IGN);
}

/* CPU time of all threads of the processes in option `pids` (`12,13`), in nanoseconds. */
static uint64_t cpu_used(void)
{
    char list[512], path[320], *place = list, *pid;
    uint64_t used = 0;
    snprintf(list, sizeof list, "%s", asked("pids", NULL));
    while ((pid = strsep(&place, ","))) {
        snprintf(path, sizeof path, "/proc/%.10s/task", pid);
        DIR *threads = opendir(path);
        struct dirent *thread;
        while (threads && (thread = readdir(threads))) {
            unsigned long long one;
            snprintf(path, sizeof path, "/proc/%.10s/task/%.20s/schedstat", pid, thread->d_name);
            FILE *file = thread->d_name[0] == '.' ? NULL : fopen(path, "r");
            if (file && fscanf(file, "%llu", &one) == 1)
                used += one;
            if (file)
                fclose(file);
        }
        if (threads == NULL)
            fail("process %s is gone", pid);
        closedir(threads);
    }
    return used;
}

/* Links. */

struct link {
    int fd;
    uint32_t kept;
    uint8_t *rest; /* of a frame that has only begun */
};

static uint8_t chunk[CHUNK + 1];
static const uint8_t MASK[4] = {0x37, 0xfa, 0x21, 0x3d};

static void say(struct link *link, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size) {
        ssize_t sent = send(link->fd, from, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            fail("cannot write: %s", strerror(errno));
        if (sent > 0)
            from += sent, size -= (size_t)sent;
    }
}

static void say_frame(struct link *link, int opcode, const char *payload)
{
    uint8_t frame[CHUNK];
    if (strlen(payload) > CHUNK - 16)
        fail("%zu bytes are too many for a frame", strlen(payload));
    say(link, frame, put(frame, opcode, payload, strlen(payload), MASK));
}

/* Reads once; how many bytes there are now in `chunk`, what was kept included. 0 at the end of the
 * stream, -1 when nothing was there. */
static ssize_t hear(struct link *link)
{
    memcpy(chunk, link->rest, link->kept);
    ssize_t got = recv(link->fd, chunk + link->kept, CHUNK - link->kept, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return -1;
    if (got < 0)
        fail("cannot read: %s", strerror(errno));
    if (got == 0)
        return 0;
    got += link->kept;
    link->kept = 0;
    return got;
}

static void keep(struct link *link, const uint8_t *from, size_t size)
{
    if (size) {
        link->rest = realloc(link->rest, size);
        memcpy(link->rest, from, size);
    } else if (link->rest) {
        free(link->rest);
        link->rest = NULL;
    }
    link->kept = (uint32_t)size;
}

static int has(const struct frame *frame, const char *text)
{
    return memmem(frame->payload, frame->size, text, strlen(text)) != NULL;
}

/* Each link has one of several source addresses, because an address has only so many ports. */
static int dialed(int number)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0), sources = asked_number("sources", "1");
    if (fd < 0)
        fail("no socket for link %d: %s", number, strerror(errno));
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(number % sources));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)asked_number("port", NULL));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (void *)&from, sizeof from) || connect(fd, (void *)&to, sizeof to))
        fail("link %d: %s", number, strerror(errno));
    return fd;
}

static void ask_upgrade(struct link *link, const char *target, const char *headers)
{
    char head[HEAD];
    int size = snprintf(head, sizeof head,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                        target, asked("port", NULL), headers);
    if (size >= HEAD)
        fail("a request of %d bytes", size);
    say(link, head, (size_t)size);
}

/* Where frames begin in `have` bytes of `chunk`; 0 when the head is not all there. */
static size_t upgraded(ssize_t have)
{
    chunk[have] = 0;
    char *end = strstr((char *)chunk, "\r\n\r\n");
    if (strncmp((char *)chunk, "HTTP/1.1 101", have < 12 ? (size_t)have : 12))
        fail("no upgrade: %.300s", (char *)chunk);
    return end == NULL ? 0 : (size_t)((uint8_t *)end + 4 - chunk);
}

/* What is kept, as if it had just been heard; where nothing is, hears. */
static ssize_t recall(struct link *link)
{
    ssize_t have = link->kept;
    if (have == 0)
        return hear(link);
    memcpy(chunk, link->rest, link->kept);
    link->kept = 0;
    return have;
}

/* Waits until an upgrade is answered and, unless it is empty, a text frame with `text` was heard. */
static void settle(struct link *link, const char *text, int in_head)
{
    struct frame frame;
    for (ssize_t have = recall(link);; have = hear(link)) {
        size_t at = 0, taken;
        if (have <= 0)
            fail("%s before it was settled", have ? "silent" : "closed");
        if (in_head && (at = upgraded(have)))
            in_head = 0;
        int found = !in_head && !*text;
        while (!in_head && !found && (taken = cut(chunk + at, (size_t)have - at, &frame))) {
            at += taken;
            if (frame.opcode == CLOSE)
                fail("closed before it was settled: %.*s", (int)frame.size, frame.payload);
            found = has(&frame, text);
        }
        keep(link, chunk + at, (size_t)have - at);
        if (found)
            return;
    }
}

static int watched(int poll, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

/* Opens `count` links, a few at a time: each upgrades, says `first` unless that is empty, and hears
 * `settled`. `place(i)` is where the i-th is kept. */
static void open_links(int poll, struct link *(*place)(int), int count, const char *target,
                       const char *first, const char *settled)
{
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    for (int start = 0; start < count; start += TOGETHER) {
        int end = start + TOGETHER < count ? start + TOGETHER : count;
        for (int i = start; i < end; i++) {
            *place(i) = (struct link){.fd = dialed(i)};
            setsockopt(place(i)->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            ask_upgrade(place(i), target, asked("headers", ""));
        }
        for (int i = start; i < end; i++) {
            settle(place(i), "", 1);
            if (*first)
                say_frame(place(i), TEXT, first);
        }
        for (int i = start; i < end; i++) {
            if (*settled)
                settle(place(i), settled, 0);
            if (watched(poll, place(i)->fd, (uint32_t)i))
                fail("epoll: %s", strerror(errno));
        }
    }
}

/* Parts in the standard's way, so that nobody complains. */
static void close_links(int poll, struct link *(*place)(int), int count)
{
    struct epoll_event events[EVENTS];
    for (int i = 0; i < count; i++)
        say_frame(place(i), CLOSE, "\x03\xe8");
    for (int left = count; left;) {
        int ready = epoll_wait(poll, events, EVENTS, PATIENCE_MS);
        if (ready <= 0)
            fail("%d links do not end", left);
        for (int i = 0; i < ready; i++) {
            struct link *link = place((int)events[i].data.u32);
            ssize_t got = recv(link->fd, chunk, CHUNK, MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN))
                close(link->fd), left--;
        }
    }
}

#endif
