/* Every error that a record can end with has one class, which says what the one who sent it may do. */
#include "support.h"

#include "io/kafka_delivery.h"

static const struct class
{
    rd_kafka_resp_err_t code;
    enum status status;
} classes[] = {
    {RD_KAFKA_RESP_ERR_NO_ERROR, STATUS_OK},
    /* Nobody knows whether it was written. */
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, STATUS_TIMEOUT},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, STATUS_TIMEOUT},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, STATUS_TIMEOUT},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, STATUS_TIMEOUT},
    /* More slowly. */
    {RD_KAFKA_RESP_ERR__QUEUE_FULL, STATUS_FULL},
    /* It will never be taken as it is. */
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, STATUS_INVALID},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, STATUS_INVALID},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, STATUS_INVALID},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, STATUS_INVALID},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, STATUS_INVALID},
    {RD_KAFKA_RESP_ERR__BAD_MSG, STATUS_INVALID},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, STATUS_INVALID},
    /* An operator's to mend. */
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, STATUS_NOT_FOUND},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, STATUS_NOT_FOUND},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, STATUS_NOT_FOUND},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, STATUS_DENIED},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, STATUS_DENIED},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, STATUS_DENIED},
    {RD_KAFKA_RESP_ERR_SECURITY_DISABLED, STATUS_DENIED},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, STATUS_DENIED},
    /* The cluster's trouble, which passes: named here where somebody might take it for the record's. */
    {RD_KAFKA_RESP_ERR_INVALID_MSG, STATUS_UNAVAILABLE}, /* other bits than the checksum says */
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, STATUS_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, STATUS_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, STATUS_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, STATUS_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, STATUS_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, STATUS_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR__FATAL, STATUS_UNAVAILABLE},
    {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, STATUS_UNAVAILABLE},
};

static enum status expected(rd_kafka_resp_err_t code)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].code == code)
            return classes[i].status;
    return STATUS_UNAVAILABLE; /* asking again is the safe thing where nothing is known */
}

static void every_error_has_its_class(void **state)
{
    (void)state;
    const struct rd_kafka_err_desc *errors;
    size_t count, known = 0;
    rd_kafka_get_err_descs(&errors, &count);
    for (size_t i = 0; i < count; i++) {
        if (!errors[i].desc)
            continue;
        enum status status = kafka_delivery_status(errors[i].code);
        if (status != expected(errors[i].code))
            fail_msg("%s is %s instead of %s", errors[i].name, status_name(status),
                     status_name(expected(errors[i].code)));
        known++;
    }
    assert_true(known > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
