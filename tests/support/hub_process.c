/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/net/http.h"
#include "base/net/settings.h"
#include "tests/support/hub_process.h"

/* Replace this process by hub.py, whose output goes to the descriptor. */
static void become_hub(int out, const char *cert, const char *key)
{
    char script[1024];
    const char *args[] = { "python3", "-B", script, cert ? "--tls" : NULL, cert, key, NULL };

    snprintf(script, sizeof script, "%s/tests/support/hub.py", getenv("CURATE_SOURCE"));
    dup2(out, STDOUT_FILENO);
    execvp(args[0], (char *const *)args);
    _exit(127);
}

void hub_start(struct hub *hub, const char *cert, const char *key)
{
    char line[64] = "";
    size_t n = 0;
    ssize_t got;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    hub->pid = fork();
    assert_true(hub->pid >= 0);
    if (hub->pid == 0)
        become_hub(ends[1], cert, key);
    close(ends[1]);
    while (n < sizeof line - 1 && !memchr(line, '\n', n) &&
           (got = read(ends[0], line + n, sizeof line - 1 - n)) > 0)
        n += (size_t)got;
    close(ends[0]);
    assert_int_equal(sscanf(line, "%u %u", &hub->hub_port, &hub->cdn_port), 2);
    snprintf(hub->url, sizeof hub->url, "%s://127.0.0.1:%u", cert ? "https" : "http",
             hub->hub_port);
    snprintf(hub->cdn, sizeof hub->cdn, "%s://localhost:%u", cert ? "https" : "http",
             hub->cdn_port);
}

void hub_stop(struct hub *hub)
{
    if (hub->pid <= 0)
        return;
    kill(hub->pid, SIGKILL);
    waitpid(hub->pid, NULL, 0);
    hub->pid = 0;
}

/* GET a page of the hub that is about the hub. */
static void get_page(const struct hub *hub, const char *page, struct buf *out)
{
    char endpoint[] = "http://localhost";
    const struct net_settings settings = { .endpoint = endpoint, .timeout_s = 10 };
    struct http_response response;
    struct http *http = NULL;
    struct error err;
    char url[128];

    snprintf(url, sizeof url, "%s%s", hub->url, page);
    http_response_init(&response);
    assert_ok(http_new(&settings, NULL, &http, &err));
    assert_ok(
        http_send(http, &(struct http_request){ .url = url, .body = out }, &response, &err));
    assert_int_equal(response.status, 200);
    http_free(http);
    http_response_release(&response);
}

void hub_reset(const struct hub *hub)
{
    struct buf page;

    buf_init(&page, 1 << 20);
    get_page(hub, "/__reset", &page);
    buf_release(&page);
}

void hub_log(const struct hub *hub, struct buf *out)
{
    get_page(hub, "/__log", out);
}

size_t hub_count(const struct hub *hub, const char *text)
{
    struct buf log;
    size_t n = 0;

    buf_init(&log, 1 << 24);
    hub_log(hub, &log);
    for (const char *at = log.data; (at = strstr(at, text)); at++)
        n++;
    buf_release(&log);
    return n;
}

int hub_is_possible(void)
{
    return getenv("CURATE_SOURCE") && system("python3 -c pass 2> /dev/null") == 0;
}
