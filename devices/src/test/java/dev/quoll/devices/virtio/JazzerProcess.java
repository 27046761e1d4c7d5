package dev.quoll.devices.virtio;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.machine.GuestMemory;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Jazzer in a process of its own: its agent loads native code, which the tests' own JVM forbids, and its JUnit extension does not know
 * JUnit 6.
 */
public final class JazzerProcess {
    private static final int SECONDS = Integer.getInteger("quoll.fuzz.seconds", 120);

    private JazzerProcess() {}

    /**
     * Fuzzes the class's {@code fuzzerTestOneInput} for {@code quoll.fuzz.seconds}.
     *
     * @param folder where an input that fails is left
     * @return the exit status; 0 when nothing was found
     */
    public static int run(Class<?> target, Path folder) throws IOException, InterruptedException {
        String path = Stream.of(
                        target,
                        VirtioDevice.class,
                        GuestMemory.class,
                        NativeAccess.class,
                        classOf("com.code_intelligence.jazzer.Jazzer"),
                        classOf("com.code_intelligence.jazzer.api.FuzzedDataProvider"),
                        classOf("org.assertj.core.api.Assertions"),
                        classOf("net.bytebuddy.ByteBuddy"))
                .map(JazzerProcess::location)
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+EnableDynamicAgentLoading",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        path,
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + target.getName(),
                        "--instrumentation_includes=dev.quoll.devices.**",
                        "-max_total_time=" + SECONDS,
                        "-timeout=20",
                        "-max_len=4096",
                        "-artifact_prefix=" + folder + File.separator)
                .directory(folder.toFile())
                .inheritIO()
                .start()
                .waitFor();
    }

    private static Class<?> classOf(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    /** Test classes are patched into the module under test, so the class itself says where they are. */
    private static String location(Class<?> type) {
        try {
            String resource = type.getName().replace('.', '/') + ".class";
            var url = type.getResource("/" + resource);
            if (url != null && url.getProtocol().equals("file")) {
                String file = Path.of(url.toURI()).toString();
                return file.substring(0, file.length() - resource.length() - 1);
            }
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
