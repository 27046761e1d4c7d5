package dev.quoll.cli;

import dev.quoll.boot.symbols.ElfSymbols;
import dev.quoll.boot.symbols.SymbolTable;
import dev.quoll.cli.instruments.Instruments;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Stack;
import java.util.function.Consumer;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What shows how the guest runs. */
final class InstrumentOptions {
    @Option(names = "--stats", description = "Prints figures of the machine at its end.")
    private boolean stats;

    @Option(names = "--live", description = "Prints a line a second on how fast the guest runs (Ctrl-A l switches it off and on).")
    private boolean live;

    /** Of {@code --profile} without a file. */
    private static final String TO_THE_TERMINAL = "";

    @Option(
            names = "--profile",
            arity = "0..1",
            fallbackValue = TO_THE_TERMINAL,
            preprocessor = OnlyBehindEquals.class,
            paramLabel = "FILE",
            description = "Tells at the end in which functions the guest spent its time; with =FILE writes it there.")
    private String profile;

    @Option(
            names = "--symbols",
            paramLabel = "ELF[@ADDRESS]",
            description = "With --profile: a program whose functions are to be named, and where it is loaded if it says not itself. "
                    + "A Linux kernel names its own.")
    private List<String> symbols = List.of();

    @Option(names = "--jfr", paramLabel = "FILE", description = "Records events of the JVM and of the machine (JDK Flight Recorder).")
    private Path recording;

    /** A word that follows the option by itself is none of its own: it may be the guest's name. */
    static final class OnlyBehindEquals implements IParameterPreprocessor {
        @Override
        public boolean preprocess(Stack<String> words, CommandSpec command, ArgSpec option, Map<String, Object> info) {
            if ("=".equals(info.get("separator"))) {
                return false;
            }
            option.setValue(TO_THE_TERMINAL);
            return true;
        }
    }

    /** The instruments of a machine that has not started, those that were asked for switched on. */
    Instruments open(Machine machine, Consumer<String> say) throws CommandFailure {
        Instruments instruments = new Instruments(machine, say);
        try {
            begin(instruments);
            return instruments;
        } catch (CommandFailure | RuntimeException e) {
            instruments.close();
            throw e;
        }
    }

    private void begin(Instruments instruments) throws CommandFailure {
        if (live) {
            instruments.toggleLive();
        }
        if (profile != null) {
            if (!instruments.canProfile()) {
                throw new CommandFailure(
                        ExitStatus.NO_ENGINE, "this engine does not tell where its guest is; --profile needs --engine emulator.");
            }
            instruments.profile(programs());
        }
        if (recording != null) {
            try {
                instruments.record(recording);
            } catch (IOException e) {
                throw new CommandFailure(
                        ExitStatus.HOST_IO, "the recording cannot be written: %s.".formatted(HostErrors.reason(e)), e);
            }
        }
    }

    private List<SymbolTable.Symbol> programs() throws CommandFailure {
        List<SymbolTable.Symbol> all = new ArrayList<>();
        for (String each : symbols) {
            int at = each.lastIndexOf('@');
            try {
                long base = at < 0 ? 0 : Long.parseUnsignedLong(each.substring(at + 1).replaceFirst("^0x", ""), 16);
                all.addAll(ElfSymbols.read(Path.of(at < 0 ? each : each.substring(0, at)), base));
            } catch (NumberFormatException e) {
                throw new CommandFailure(
                        ExitStatus.USAGE, "--symbols takes FILE or FILE@ADDRESS, the address in hexadecimal; not %s.".formatted(each), e);
            } catch (IOException e) {
                throw new CommandFailure(
                        ExitStatus.HOST_IO, "--symbols %s: %s.".formatted(each, HostErrors.reason(e)), e);
            }
        }
        return all;
    }

    /** The figures and the profile that were asked for; the machine has ended and is not closed. */
    String report(Machine machine, Instruments instruments) throws CommandFailure, InterruptedException {
        String figures = stats ? machine.statistics() : "";
        List<String> functions = instruments.report().orElse(List.of());
        if (profile == null || profile.equals(TO_THE_TERMINAL)) {
            return figures + String.join("", functions.stream().map(line -> line + System.lineSeparator()).toList());
        }
        try {
            Files.write(Path.of(profile), functions);
            return figures;
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitStatus.HOST_IO, "the profile cannot be written: %s.".formatted(HostErrors.reason(e)), e);
        }
    }
}
