package dev.quoll.cli;

import dev.quoll.boot.VirtioSource;
import dev.quoll.devices.console.ConsolePort;
import dev.quoll.devices.console.FileEnd;
import dev.quoll.devices.console.PortEnd;
import dev.quoll.devices.console.PseudoTerminalEnd;
import dev.quoll.devices.console.SocketEnd;
import dev.quoll.devices.console.VirtioConsole;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A port of the virtio console device as {@code --port} says it. */
record PortOption(String name, boolean console, PortOption.Kind kind, Path path) {
    /** What there is at the host's end; the word for it is the name in small letters. */
    enum Kind {
        SOCKET,
        FILE,
        PTY;

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static final String SYNTAX = "name=NAME,socket=PATH|file=PATH|pty=PATH[,console]";

    private static final String OPTION = "--port";
    private static final String CONSOLE = "console";

    /** @throws IllegalArgumentException with a sentence */
    static PortOption parse(String text) {
        OptionWords words = new OptionWords(OPTION, text, false, Set.of("name", "socket", "file", "pty"));
        boolean console = words.flags(Set.of(CONSOLE)).contains(CONSOLE);
        String name = words.text("name").orElse("");
        if (name.isEmpty() && !console) {
            throw new IllegalArgumentException(OPTION + " needs name=NAME");
        }
        List<Kind> given = Stream.of(Kind.values()).filter(kind -> words.text(kind.word()).isPresent()).toList();
        if (given.size() != 1) {
            throw new IllegalArgumentException(OPTION + " needs one of socket=PATH, file=PATH and pty=PATH");
        }
        Kind kind = given.getFirst();
        return new PortOption(name, console, kind, Path.of(words.text(kind.word()).orElseThrow()));
    }

    private PortEnd open(Consumer<String> notices) throws IOException {
        return switch (kind) {
            case SOCKET -> new SocketEnd(path);
            case FILE -> new FileEnd(path, notices);
            case PTY -> new PseudoTerminalEnd(path);
        };
    }

    /** The device with all ports. */
    static VirtioSource source(List<PortOption> options) {
        return (machine, notices) -> {
            List<ConsolePort> ports = new ArrayList<>();
            for (PortOption option : options) {
                PortEnd end = option.open(notices);
                machine.closeWith(end);
                ports.add(new ConsolePort(option.name, option.console, end));
            }
            return new VirtioConsole(ports, machine.memory());
        };
    }
}
