// A stream between an AF_VSOCK socket and standard input and output: "listen PORT" or "connect CID PORT".
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void copy(int from, int to) {
    static char buffer[65536];
    ssize_t count;
    while ((count = read(from, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(to, buffer + done, count - done);
            if (written <= 0) {
                perror("write");
                exit(1);
            }
            done += written;
        }
    }
}

int main(int argc, char **argv) {
    int s = socket(AF_VSOCK, SOCK_STREAM, 0);
    struct sockaddr_vm address = {.svm_family = AF_VSOCK};
    if (argc == 3 && !strcmp(argv[1], "listen")) {
        address.svm_cid = VMADDR_CID_ANY;
        address.svm_port = atoi(argv[2]);
        if (bind(s, (void *) &address, sizeof address) || listen(s, 1)) {
            perror("listen");
            return 1;
        }
        copy(accept(s, 0, 0), 1);
    } else if (argc == 4 && !strcmp(argv[1], "connect")) {
        address.svm_cid = atoi(argv[2]);
        address.svm_port = atoi(argv[3]);
        if (connect(s, (void *) &address, sizeof address)) {
            perror("connect");
            return 1;
        }
        copy(0, s);
        shutdown(s, SHUT_WR);
        copy(s, 1);
    } else {
        return 2;
    }
    return 0;
}
