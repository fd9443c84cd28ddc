package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.store.ObjectStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.config.BeanPostProcessor;

/** {@code invokePoolThreads}: how many invocations of a callset are being sent at once. */
class InvokePoolIT {

    /** Counts those who read data at once, and gives others time to come. */
    private static final class CountedReads implements BeanPostProcessor {

        private final AtomicInteger now = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private final CountDownLatch met = new CountDownLatch(1);
        private final int expected;

        private CountedReads(int expected) {
            this.expected = expected;
        }

        @Override
        public Object postProcessAfterInitialization(Object bean, String name) {
            if (!(bean instanceof ObjectStore)) {
                return bean;
            }
            return Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[]{ObjectStore.class},
                    (_, method, arguments) -> {
                        boolean counted = method.getName().equals("read") && arguments[0].toString().endsWith("/data");
                        if (counted) {
                            int meet = now.incrementAndGet();
                            most.accumulateAndGet(meet, Math::max);
                            if (meet >= expected) {
                                met.countDown();
                            }
                            // Nobody goes on before as many are there as may be.
                            boolean _ = met.await(20, TimeUnit.SECONDS);
                        }
                        try {
                            return method.invoke(bean, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        } finally {
                            if (counted) {
                                now.decrementAndGet();
                            }
                        }
                    });
        }
    }

    /** Data that are larger than what is read ahead. */
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "64, 4"})
    void no_more_are_sent_at_once(int threads, int most, @TempDir Path store) {
        CountedReads reads = new CountedReads(most);
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store,
                context -> context.registerBean("countedReads", CountedReads.class, () -> reads),
                "--wren.executors.local.workers=4")) {
            String data = IntStream.range(0, 20).mapToObj(i -> "\"" + i + "x".repeat(140_000) + "\"")
                    .collect(Collectors.joining(",", "[", "]"));
            String id = gateway.http().map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"},\"chunkSize\":1,"
                    + "\"invokePoolThreads\":" + threads + ",\"iterdata\":" + data + "}");
            assertThat(gateway.http().done(id).path("states").path("success").asInt()).isEqualTo(20);
            assertThat(reads.most.get()).isEqualTo(most);
        }
    }
}
