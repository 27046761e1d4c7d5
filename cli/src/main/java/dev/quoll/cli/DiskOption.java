package dev.quoll.cli;

import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.SataDrive;
import dev.quoll.boot.VirtioPlace;
import dev.quoll.boot.VirtioSource;
import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.VirtioBlock;
import dev.quoll.devices.host.RateLimiter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** A disk as {@code --disk} says it. */
record DiskOption(ImageSource image, boolean sata, String serial, int queues, RateLimiter.Limits limits) {
    static final String SYNTAX = "FILE[,readonly][,format=F][,cache=C][,serial=S][,bus=B][,queues=N][,bps=N][,iops=N]";

    private static final String NAME = "--disk";
    private static final String READ_ONLY = "readonly";
    private static final RateLimiter.Limits NO_LIMITS = new RateLimiter.Limits(0, 0);
    private static final Set<String> KEYS = Set.of("format", "cache", "serial", "bus", "queues", "bps", "iops");

    /** @throws IllegalArgumentException with a sentence */
    static DiskOption parse(String text) {
        OptionWords words = new OptionWords(NAME, text, true, KEYS);
        boolean readOnly = words.flags(Set.of(READ_ONLY)).contains(READ_ONLY);
        Optional<ImageFormat> format = words.text("format").map(DiskOption::format);
        boolean direct = words.text("cache").map(DiskOption::direct).orElse(false);
        DiskOption option = new DiskOption(
                new ImageSource(Path.of(words.first()), format, readOnly, direct),
                words.text("bus").map(DiskOption::sata).orElse(false),
                words.text("serial").orElse(""),
                Math.toIntExact(Math.min(Integer.MAX_VALUE, words.number("queues", 1))),
                new RateLimiter.Limits(words.number("bps", 0), words.number("iops", 0)));
        option.options(0);
        if (option.sata && (words.text("queues").isPresent() || !option.limits.equals(NO_LIMITS))) {
            throw new IllegalArgumentException("%s: queues, bps and iops are for virtio disks".formatted(NAME));
        }
        return option;
    }

    private static ImageFormat format(String name) {
        return ImageFormat.named(name)
                .orElseThrow(() -> new IllegalArgumentException("%s: there is no image format \"%s\"".formatted(NAME, name)));
    }

    private static boolean sata(String bus) {
        return switch (bus) {
            case "virtio" -> false;
            case "sata" -> true;
            default -> throw new IllegalArgumentException("%s: bus is virtio or sata, not \"%s\"".formatted(NAME, bus));
        };
    }

    private static boolean direct(String cache) {
        return switch (cache) {
            case "writeback" -> false;
            case "none" -> true;
            default -> throw new IllegalArgumentException("%s: cache is writeback or none, not \"%s\"".formatted(NAME, cache));
        };
    }

    private VirtioBlock.Options options(int number) {
        return new VirtioBlock.Options("disk" + number, serial, queues, limits);
    }

    /** Puts the disk into the plan. @param number of the disk, from 0 */
    void into(PcBuilder plan, int number) {
        if (sata) {
            plan.add(new SataDrive(image, false, serial.isEmpty() ? "disk" + number : serial));
        } else {
            plan.add(VirtioPlace.DISK, source(number));
        }
    }

    /** Opens the image when the machine is made, and closes it with the machine. @param number of the disk, from 0 */
    VirtioSource source(int number) {
        return (machine, notices) -> {
            DiskImage opened = image.open();
            machine.closeWith(opened);
            return new VirtioBlock(opened, options(number), machine.memory(), machine.clock(), machine.timers(), notices);
        };
    }
}
