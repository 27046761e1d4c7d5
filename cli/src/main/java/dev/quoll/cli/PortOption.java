package dev.quoll.cli;

import dev.quoll.boot.VirtioSource;
import dev.quoll.devices.console.ConsolePort;
import dev.quoll.devices.console.FileEnd;
import dev.quoll.devices.console.PortEnd;
import dev.quoll.devices.console.SocketEnd;
import dev.quoll.devices.console.VirtioConsole;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** A port of the virtio console device as {@code --port} says it. */
record PortOption(String name, boolean console, Path path, boolean file) {
    static final String SYNTAX = "name=NAME,socket=PATH|file=PATH[,console]";

    private static final String OPTION = "--port";
    private static final String CONSOLE = "console";

    /** @throws IllegalArgumentException with a sentence */
    static PortOption parse(String text) {
        OptionWords words = new OptionWords(OPTION, text, false, Set.of("name", "socket", "file"));
        boolean console = words.flags(Set.of(CONSOLE)).contains(CONSOLE);
        String name = words.text("name").orElse("");
        if (name.isEmpty() && !console) {
            throw new IllegalArgumentException(OPTION + " needs name=NAME");
        }
        if (words.text("socket").isPresent() == words.text("file").isPresent()) {
            throw new IllegalArgumentException(OPTION + " needs either socket=PATH or file=PATH");
        }
        boolean file = words.text("file").isPresent();
        return new PortOption(name, console, Path.of(words.text(file ? "file" : "socket").orElseThrow()), file);
    }

    private PortEnd open(Consumer<String> notices) throws IOException {
        return file ? new FileEnd(path, notices) : new SocketEnd(path);
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
