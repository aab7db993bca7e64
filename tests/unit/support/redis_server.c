/* The server is a child that dies with the test (PR_SET_PDEATHSIG); nothing is written to disk but its
 * socket.  It is asked again and again until it answers, with a bound. */
#include "support/redis_server.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum { WORDS_MOST = 40, TRIES = 1000 };

static void run(const struct redis_server *server, const char *const arguments[])
{
    char socket[96];
    const char *words[WORDS_MOST] = {
        "redis-server", "--port", "0",     "--unixsocket", socket,      "--save",   "", "--appendonly", "no",
        "--daemonize",  "no",     "--dir", server->folder, "--logfile", "/dev/null"};
    size_t count = 15;
    snprintf(socket, sizeof socket, "%s/s", server->folder);
    for (size_t i = 0; arguments && arguments[i] && count + 1 < WORDS_MOST; i++)
        words[count++] = arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(words[0], (char *const *)words);
    fprintf(stderr, "redis-server cannot be run; install the package redis-server\n");
    _exit(127);
}

static bool answers(struct redis_server *server)
{
    char socket[96];
    snprintf(socket, sizeof socket, "%s/s", server->folder);
    server->control = redisConnectUnix(socket);
    if (server->control && !server->control->err) {
        redisReply *reply = server->user[0]
                                ? redisCommand(server->control, "AUTH %s %s", server->user, server->password)
                                : redisCommand(server->control, "PING");
        bool good = reply && reply->type == REDIS_REPLY_STATUS;
        if (reply)
            freeReplyObject(reply);
        if (good)
            return true;
    }
    redisFree(server->control);
    server->control = NULL;
    return false;
}

void redis_server_start(struct redis_server *server, const char *const arguments[])
{
    snprintf(server->folder, sizeof server->folder, "/tmp/reset-redis-XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->url, sizeof server->url, "unix://%s/s", server->folder);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0)
        run(server, arguments);
    for (int i = 0; i < TRIES; i++) {
        int how;
        if (answers(server))
            return;
        if (waitpid(server->pid, &how, WNOHANG) == server->pid)
            break;
        usleep(10000);
    }
    fail_msg("redis-server did not start; is the package redis-server installed?");
}

void redis_server_kill(struct redis_server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
    }
    server->pid = 0;
    redisFree(server->control);
    server->control = NULL;
}

void redis_server_stop(struct redis_server *server)
{
    char socket[96];
    redis_server_kill(server);
    snprintf(socket, sizeof socket, "%s/s", server->folder);
    unlink(socket);
    rmdir(server->folder);
}

redisReply *redis_server_ask(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = redisvCommand(server->control, format, arguments);
    va_end(arguments);
    if (!reply)
        fail_msg("%s: redis-server did not answer", format);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", format, reply->str);
    return reply;
}
