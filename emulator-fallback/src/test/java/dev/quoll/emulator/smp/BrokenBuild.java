package dev.quoll.emulator.smp;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Builds of the emulator with one mistake, and how to run something on them. A build is the classes as they are, and in
 * front of them on the class path of another JVM the changed one: calls of one method lead to a method of
 * {@link BrokenAccess}, which takes the receiver as its first argument.
 *
 * @param owner class that is changed
 * @param caller name of the methods that are changed, or "" for all
 * @param callee name of the method whose calls are replaced
 * @param replacement name of the method called instead
 * @param type its descriptor
 */
record BrokenBuild(String name, Class<?> owner, String caller, String callee, String replacement, String type) {
    private static final ClassDesc ACCESS = ClassDesc.of(BrokenAccess.class.getName());

    /** What a run on the build printed, and how it ended. */
    record Result(int status, String output) {}

    /** Runs the main method of a class of the tests. */
    static Result run(BrokenBuild build, Path directory, Class<?> main, String... arguments) {
        try {
            List<String> path = new ArrayList<>();
            if (build != null) {
                build.write(directory);
                path.add(directory.toString());
            }
            path.add(root(BrokenBuild.class));
            path.add(root(dev.quoll.emulator.EmulatorEngine.class));
            path.add(root(dev.quoll.machine.Engine.class));
            path.add(root(dev.quoll.bindings.NativeAccess.class));
            path.add(root(org.assertj.core.api.Assertions.class));
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-cp",
                    String.join(System.getProperty("path.separator"), path),
                    main.getName()));
            command.addAll(List.of(arguments));
            Path output = Files.createTempFile(directory, "output", ".txt");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(300, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("no end: " + Files.readString(output));
            }
            return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException | URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private void write(Path directory) throws IOException {
        String file = owner.getName().replace('.', '/') + ".class";
        byte[] original;
        try (InputStream in = owner.getResourceAsStream("/" + file)) {
            original = in.readAllBytes();
        }
        int[] replaced = {0};
        CodeTransform code = (builder, element) -> {
            if (element instanceof InvokeInstruction call && call.name().equalsString(callee)) {
                builder.invokestatic(ACCESS, replacement, MethodTypeDesc.ofDescriptor(type));
                replaced[0]++;
            } else {
                builder.with(element);
            }
        };
        ClassFile classes = ClassFile.of();
        byte[] changed = classes.transformClass(
                classes.parse(original),
                ClassTransform.transformingMethodBodies(
                        method -> caller.isEmpty() || method.methodName().equalsString(caller), code));
        if (replaced[0] == 0) {
            throw new IllegalStateException(name + ": " + owner + " does not call " + callee + " any more");
        }
        Path target = directory.resolve(file);
        Files.createDirectories(target.getParent());
        Files.write(target, changed);
    }

    /** Directory or archive that a class comes from; of a test its own, although it belongs to the module under test. */
    private static String root(Class<?> type) throws URISyntaxException {
        String file = type.getName().replace('.', '/') + ".class";
        String location = type.getResource("/" + file).toString();
        if (location.startsWith("jar:")) {
            location = location.substring(4, location.indexOf("!/"));
        } else {
            location = location.substring(0, location.length() - file.length());
        }
        return Path.of(new URI(location)).toString();
    }
}
