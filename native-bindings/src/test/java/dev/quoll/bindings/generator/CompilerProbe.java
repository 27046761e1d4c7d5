package dev.quoll.bindings.generator;

import dev.quoll.bindings.generator.Specification.Field;
import dev.quoll.bindings.generator.Specification.Function;
import dev.quoll.bindings.generator.Specification.Group;
import dev.quoll.bindings.generator.Specification.Member;
import dev.quoll.bindings.generator.Specification.Parameter;
import dev.quoll.bindings.generator.Specification.Struct;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Asks the C compiler what a {@link Specification} means on this machine. A small C program is written that asserts, at
 * compile time, that every field and function has the type the spec gives it, and prints sizes, offsets and values when
 * run.
 */
final class CompilerProbe {
    private final Specification spec;
    private final StringBuilder assertions = new StringBuilder();
    private final StringBuilder prints = new StringBuilder();

    private CompilerProbe(Specification spec) {
        this.spec = spec;
    }

    /** The C compiler's name, or empty when this machine has none on its path. */
    static Optional<String> compiler() {
        for (String name : List.of("cc", "gcc", "clang")) {
            for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
                if (Files.isExecutable(Path.of(folder, name))) {
                    return Optional.of(name);
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Compiles and runs the probe.
     *
     * @throws IOException if the compiler refuses the program; the message has its output
     */
    static Measurements measure(Specification spec, String compiler) throws IOException, InterruptedException {
        var folder = Files.createTempDirectory("quoll-probe");
        try {
            var source = folder.resolve("probe.c");
            var program = folder.resolve("probe");
            Files.writeString(source, new CompilerProbe(spec).program());
            run(List.of(compiler, "-std=gnu11", "-w", "-o", program.toString(), source.toString()));
            Map<String, Long> values = new HashMap<>();
            for (String line : run(List.of(program.toString())).lines().toList()) {
                int split = line.lastIndexOf(' ');
                values.put(line.substring(0, split), Long.parseLong(line.substring(split + 1)));
            }
            return new Measurements(values);
        } finally {
            try (var files = Files.walk(folder)) {
                for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed:\n" + output);
        }
        return output;
    }

    private String program() {
        var scalars = new TreeSet<String>();
        for (Struct struct : spec.structs()) {
            print("sizeof " + struct.name(), "sizeof(" + struct.cType() + ")");
            print("alignof " + struct.name(), "_Alignof(" + struct.cType() + ")");
            members(struct, "", struct.members(), scalars);
        }
        for (Function function : spec.functions()) {
            prototype(function, scalars);
        }
        scalars.forEach(type -> print("sizeof " + type, "sizeof(" + type + ")"));
        spec.constants().forEach(constant -> {
            prints.append("#ifdef ").append(constant.name()).append('\n');
            print("constant " + constant.name(), constant.name());
            prints.append("#endif\n");
        });
        return String.join("\n", spec.preamble())
                + "\n#include <stddef.h>\n#include <stdio.h>\n"
                + assertions
                + "int main(void) {\n" + prints + "return 0;\n}\n";
    }

    private void members(Struct struct, String prefix, List<Member> members, TreeSet<String> scalars) {
        for (Member member : members) {
            String path = prefix + member.name();
            switch (member) {
                case Field field -> {
                    String key = struct.name() + "." + path;
                    offset(struct, path);
                    String array = field.scalar() ? "" : field.flexible() ? "[]" : "[" + field.length() + "]";
                    assertCompatible("((" + struct.cType() + " *) 0)->" + path, field.type() + array,
                            key + " is not declared " + field.declaration());
                    if (!field.ofStructs() && !field.type().contains("*")) {
                        scalars.add(field.type());
                    }
                }
                case Group group when group.anonymous() -> members(struct, prefix, group.members(), scalars);
                case Group group -> {
                    offset(struct, path);
                    print("sizeof " + struct.name() + "." + path,
                            "sizeof(((" + struct.cType() + " *) 0)->" + path + ")");
                    members(struct, path + ".", group.members(), scalars);
                }
            }
        }
    }

    private void offset(Struct struct, String path) {
        print("offset " + struct.name() + "." + path, "offsetof(" + struct.cType() + ", " + path + ")");
    }

    private void prototype(Function function, TreeSet<String> scalars) {
        var fixed = new ArrayList<String>();
        for (Parameter parameter : function.parameters()) {
            if (function.firstVariadic() < 0 || fixed.size() < function.firstVariadic()) {
                fixed.add(parameter.type());
            }
            if (!parameter.type().contains("*")) {
                scalars.add(parameter.type());
            }
        }
        if (function.firstVariadic() >= 0) {
            fixed.add("...");
        }
        String returns = function.returnType();
        if (!returns.equals("void") && !returns.contains("*")) {
            scalars.add(returns);
        }
        String parameters = fixed.isEmpty() ? "void" : fixed.stream().collect(Collectors.joining(", "));
        assertCompatible("&" + function.symbol(), returns + " (*)(" + parameters + ")",
                function.symbol() + " has another prototype");
    }

    private void assertCompatible(String expression, String type, String message) {
        assertions.append("_Static_assert(__builtin_types_compatible_p(__typeof__(").append(expression).append("), ")
                .append(type).append("), \"").append(message).append("\");\n");
    }

    private void print(String key, String expression) {
        prints.append("printf(\"").append(key).append(" %lld\\n\", (long long) (").append(expression).append("));\n");
    }
}
