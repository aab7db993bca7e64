/* Made by credentials_vectors.py, independently of the code under test. */
#ifndef TESTS_UNIT_CREDENTIALS_VECTORS_H
#define TESTS_UNIT_CREDENTIALS_VECTORS_H

/* clang-format off */
#define VECTOR_TENANT "acme"
#define VECTOR_USER "u-17"
#define VECTOR_REQUEST "0190a5c1-7d3e-7c3a-8000-0123456789ab"
#define VECTOR_METHOD "link"
#define VECTOR_MASTER "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define VECTOR_RECORD_MASTER "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
#define VECTOR_SEED "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7"
#define VECTOR_K_RECORD "8f6c0891c73b569bc503536a6a2f1990fccb195bac100d16903fe87d92334f62"
#define VECTOR_K_RECIPIENT "298460cea97b09094556286b52bb27367bbb84ec20f65111f5df5986e214b745"
#define VECTOR_SLOT "cgiSb0aB7xj7809FIfqTeg"
#define VECTOR_TOKEN "_fihrKTGXBsR0qhiaZFpNCyYin9cMz3YRTMWCHFBvwc"
#define VECTOR_STORED "93bff9219f926b2d14cf3368e6de5c5ad8c41e432c46cd1a6d2846af6abe9faf"
#define VECTOR_RECIPIENT "80bd5741d7abd4774b2a98d3a1b15d05"
#define VECTOR_MAILBOX "85df5468c113126be924932dccf93621"
#define VECTOR_MAC "c85077758ba90633ecc19809f9310e028a8fea93173b63b25c020aa7dfecf20e"
#define VECTOR_SECRET "Zk3mQ0b7s9w1x5y8A2c4E6g8J0l2N4p6"
#define VECTOR_LONG_SECRET "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
#define VECTOR_SIGNATURE "4af30a32f3402fe4092f88cfdeffb29bebd4d771378388d4b088d7bece8ec72f"
#define VECTOR_LONG_SIGNATURE "1443f3c63305e7e1cd1243ea0013a6d55665c7e1aed7a7165c739ebbd8b5dc7e"
#define VECTOR_SECRET_HASH "362c5798a34bbbe81c378abdb937b4c40ee159ebba6e7610599d486a3c49b79a"
#define VECTOR_IDEMPOTENT_ID "97bb94c5-63c9-8de9-b75f-f28e2e7cf953"
#define VECTOR_EMAIL "zo\xC3\xAB@example.com"
#define VECTOR_EXPIRES INT64_C(1750000000123)
#define VECTOR_VALUE "{\"specversion\":\"1.0\"}"
/* clang-format on */

#endif
