package dev.wren.gateway.store.s3;

import dev.wren.BesideOthers;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.ObjectStoreContract;
import dev.wren.gateway.store.s3.FaultProxy.Fault;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract holds, races included, where every third request goes wrong. */
@BesideOthers
class S3ObjectStoreFaultsTest extends ObjectStoreContract {

    private static final List<Fault> FAULTS = List.of(new Fault.Reset(true),
            new Fault.Answer(500, "InternalError", true),
            new Fault.Reset(false), new Fault.Answer(409, "ConditionalRequestConflict", false), new Fault.Cut(3));
    /** Rarer: clients wait up to a second then. */
    private static final Fault THROTTLED = new Fault.Answer(503, "SlowDown", false);
    private static S3Server server;

    @BeforeAll
    static void startServer() {
        server = S3Server.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    /** Fewer: those that are throttled wait. */
    @Override
    protected int races() {
        return 6;
    }

    @Override
    protected ObjectStore open() {
        server.proxy().faults(_ -> Fault.NONE);
        ObjectStore store = S3Stores.open(server.endpoint(), "s3://" + server.newBucket() + "/a/store",
                S3Stores.settings("max-attempts", "10"), Clock.systemUTC());
        AtomicInteger requests = new AtomicInteger();
        server.proxy().faults(request -> {
            int number = requests.incrementAndGet();
            Fault fault = number % 150 == 0 ? THROTTLED : FAULTS.get(number / 3 % FAULTS.size());
            boolean isConflict = fault instanceof Fault.Answer(int status, String _, boolean _) && status == 409;
            return number % 3 != 0 || isConflict && !request.has("if-none-match") && !request.has("if-match")
                    ? Fault.NONE
                    : fault;
        });
        return store;
    }
}
