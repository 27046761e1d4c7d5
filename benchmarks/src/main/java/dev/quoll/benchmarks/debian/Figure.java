package dev.quoll.benchmarks.debian;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is measured in the guest: one line of bash as root, by the guest's clock. A line that measures a time prints {@code seconds=S};
 * the figure is made of that by {@link #amount}.
 */
enum Figure {
    DISK_READ("disk, reading 1 MiB at a time", "MB/s", 268.435456, "dd if=/dev/vda of=/dev/null bs=1M count=256 iflag=direct"),
    DISK_WRITE(
            "disk, writing 1 MiB at a time, with fsync",
            "MB/s",
            134.217728,
            "dd if=/dev/zero of=/var/tmp/bench bs=1M count=128 oflag=direct conv=fsync"),
    DISK_IOPS("disk, reading 4 KiB, one at a time", "IOPS", 4000, "dd if=/dev/vda of=/dev/null bs=4k count=4000 skip=200000 iflag=direct"),
    NET_SEND("network, guest to host", "Gbit/s", 0.8, "dd if=/dev/zero bs=1M count=100 iflag=fullblock > /dev/tcp/10.0.2.2/$SINK"),
    NET_RECEIVE("network, host to guest", "Gbit/s", 0.8, "dd of=/dev/null bs=1M < /dev/tcp/10.0.2.2/$SOURCE"),
    FORK_EXEC("fork, exec and wait", "1/s", 300, "for i in {1..300}; do /bin/true; done"),
    CONTEXT_SWITCH(
            "context switches, two processes and two pipes",
            "1/s",
            20_000,
            "perl -e 'pipe A,B; pipe C,D; if (fork) { for (1..10000) { syswrite B,1; sysread C,$x,1 } } "
                    + "else { for (1..10000) { sysread A,$x,1; syswrite D,1 } }'"),
    PING("ping, round trip", "ms", 0, "ping -q -c 20 -i 0.1 10.0.2.2");

    private static final Pattern SECONDS = Pattern.compile("seconds=([0-9.]+)");
    private static final Pattern AVERAGE = Pattern.compile("= [0-9.]+/([0-9.]+)/");

    private final String title;
    private final String unit;
    /** Of the unit's thing, moved by one run of the command; 0 where the command itself tells the figure. */
    private final double amount;
    private final String command;

    Figure(String title, String unit, double amount, String command) {
        this.title = title;
        this.unit = unit;
        this.amount = amount;
        this.command = command;
    }

    String title() {
        return "%s, %s".formatted(title, unit);
    }

    /** What is typed, in one line. */
    String line() {
        return amount == 0
                ? command
                : "a=$EPOCHREALTIME; %s 2>/dev/null; b=$EPOCHREALTIME; echo seconds=$(perl -e \"print $b-$a\")".formatted(command);
    }

    /** The figure, by what the command printed; NaN where that has none. */
    double of(String output) {
        Matcher matcher = (amount == 0 ? AVERAGE : SECONDS).matcher(output);
        if (!matcher.find()) {
            return Double.NaN;
        }
        double found = Double.parseDouble(matcher.group(1));
        return amount == 0 ? found : amount / found;
    }

    static String rounded(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.0f", value);
    }
}
