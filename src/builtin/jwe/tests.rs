use super::*;
use crate::{
    builtin::{Builtin, testing},
    model::{Period, Recipe, Secret, TrustConfig, World, target::Decryption},
    target::protocol::{Answer, Validator},
    token::{Forge, KeyRing, Setting, private_jwks},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::OnceLock};

/// What the validator opens: everything but passwords.
fn opened() -> Vec<KeyManagement> {
    KeyManagement::ALL.iter().copied().filter(|alg| !alg.name().starts_with("PBES2")).collect()
}

fn ring() -> &'static KeyRing {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    RING.get_or_init(|| KeyRing::generate(&[Alg::Es256]).unwrap())
}

fn trust() -> TrustConfig {
    let keys = private_jwks(ring(), &opened()).unwrap();
    TrustConfig {
        keys: ring().handed_over(),
        decryption: Decryption { algorithms: opened(), content: ContentEncryption::ALL.to_vec(), keys: Some(keys) },
        ..testing::trust(&[Alg::Es256], "JWT")
    }
}

fn minted(encrypt: Value) -> Vec<u8> {
    let setting = Setting {
        world: World::unserved(testing::ISSUER),
        issuer: testing::ISSUER.into(),
        audience: testing::AUDIENCE.into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        encryption: (KeyManagement::Dir, ContentEncryption::A256Gcm),
        seed: 1,
        rules: crate::model::access::AccessRules::default(),
    };
    let recipe: Recipe = serde_json::from_value(json!({
        "header": { "typ": "JWT", "alg": "${alg}", "kid": "${kid}" }, "claims": testing::claims(), "encrypt": encrypt,
    }))
    .unwrap();
    Forge::new(ring().clone(), setting).mint(&recipe, testing::NOW, "n", &BTreeMap::new()).unwrap().bytes
}

fn answer(flaw: Option<Flaw>, encrypt: Value) -> Answer {
    let mut validator = Builtin::new(flaw);
    validator.configure(&trust());
    validator.validate(&minted(encrypt), testing::NOW)
}

#[test]
fn whatever_the_forge_encrypts_opens_with_its_key() {
    let mut validator = Builtin::new(None);
    validator.configure(&trust());
    for alg in opened() {
        for enc in ContentEncryption::ALL {
            if alg == KeyManagement::Dir && enc.key_length() != 32 {
                continue;
            }
            for zip in [None, Some("deflate")] {
                let token = minted(json!({ "alg": alg.name(), "enc": enc.name(), "zip": zip }));
                let answer = validator.validate(&token, testing::NOW);
                assert!(matches!(answer, Answer::Accept(_)), "{alg} {enc} {zip:?}: {answer:?}");
            }
        }
    }
}

#[test]
fn every_failure_is_refused_with_the_same_words() {
    let damage = |damage: Value| json!({ "alg": "RSA1_5", "enc": "A128CBC-HS256", "damage": [damage] });
    for bad in [
        damage(json!({ "flip": { "part": "tag", "at": "first" } })),
        damage(json!({ "flip": { "part": "encrypted-key", "at": "last" } })),
        damage(json!({ "rsa-block": { "block": "no-separator" } })),
        damage(json!({ "rsa-block": { "block": "short-key" } })),
        damage(json!({ "cbc-padding": { "padding": "zero" } })),
        damage(json!({ "keep": { "part": "iv", "bytes": 3 } })),
        json!({ "alg": "ECDH-ES", "damage": [{ "ephemeral-key": { "key": "off-curve" } }] }),
    ] {
        assert_eq!(answer(None, bad.clone()), Answer::Reject("decryption".into()), "{bad}");
    }
}

#[test]
fn claims_that_nobody_signed_and_too_much_content_are_refused() {
    assert_eq!(answer(None, json!({ "content": "claims" })), Answer::Reject("type".into()));
    assert!(matches!(answer(Some(Flaw::JwePlainClaims), json!({ "content": "claims" })), Answer::Accept(_)));
    let letters = json!({ "zip": "deflate", "content": { "letters": { "mebibytes": 1 } } });
    assert_eq!(answer(None, letters), Answer::Reject("too large".into()));
}

#[test]
fn nothing_that_was_cut_from_a_token_makes_it_panic() {
    let mut validator = Builtin::new(None);
    validator.configure(&trust());
    let token = minted(json!({ "alg": "A128KW", "enc": "A128CBC-HS256" }));
    for length in 0..token.len() {
        assert!(!matches!(validator.validate(&token[..length], testing::NOW), Answer::Accept(_) | Answer::Error(_)));
    }
}

/// The private RSA keys of RFC 7516 appendix A.1 and A.2, and the shared key of A.3, with what they open.
const STANDARD: &[(&str, &str, &str, &str)] = &[
    (
        "RSA-OAEP",
        concat!(
            r#"{"kty":"RSA","n":"oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU"#,
            r#"5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2a"#,
            r#"sbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra3"#,
            r#"6C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw","e":"AQAB","d":"kLdtIj"#,
            r#"6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYecPT9fpwR_M9gV"#,
            r#"8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfCs6_Leh"#,
            r#"BwtxHIyh8Ripy40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-K-VFs3VSndVTIz"#,
            r#"nSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ","p":"1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3M"#,
            r#"gf2EuFVbUoDBvaRQ-SWxkbkmoEzL7JXroSBjSrK3YIQgYdMgyAEPTPjXv_hI2_1eTSPVZfzL0lffNn03IXqWF5MDFuoUYE0h"#,
            r#"zb2vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0","q":"wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVC"#,
            r#"OBmUDdaDYVTSNx_8Fyw1YYa9XGrGnDew00J28cRUoeBB_jKI1oma0Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnm"#,
            r#"DZJTIAfwTs0g68UZHvtc","dp":"ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KU"#,
            r#"JWDxS5pFQ_M0evdo1dKiRTjVw_x4NyqyXPM5nULPkcpU827rnpZzAJKpdhWAgqrXGKAECQH0Xt4taznjnd_zVpAmZZq60WPM"#,
            r#"BMfKcuE","dq":"Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4YZa9hNVcsjq"#,
            r#"A3FeiL19rk8g6Qn29Tt0cj8qqyFpz9vNDBUfCAiJVeESOjJDZPYHdHY8v1b-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis","qi""#,
            r#":"VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6flUK4SlOydB6"#,
            r#"1gwanOsXGOAOv82cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz9JF_XyaY14ardLSjf4L_FNY"}"#
        ),
        concat!(
            r#"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJR"#,
            r#"gckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gN"#,
            r#"xKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBI"#,
            r#"O56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGd"#,
            r#"XKHzg.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3a"#,
            r#"jwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ"#
        ),
        "The true sign of intelligence is not knowledge but imagination.",
    ),
    (
        "RSA1_5",
        concat!(
            r#"{"kty":"RSA","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQ"#,
            r#"RV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_"#,
            r#"7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrN"#,
            r#"hZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw","e":"AQAB","d":"VFCWOq"#,
            r#"Xr8nvZNyaaJLXdnNPXZKRaWCjkU5Q2egQQpTBMwhprMzWzpR8Sxq1OPThh_J6MUD8Z35wky9b8eEO0pwNS8xlh1lOFRRBoNq"#,
            r#"DIKVOku0aZb-rynq8cxjDTLZQ6Fz7jSjR1Klop-YKaUHc9GsEofQqYruPhzSA-QgajZGPbE_0ZaVDJHfyd7UUBUKunFMScbf"#,
            r#"lYAAOYJqVIVwaYR5zWEEceUjNnTNo_CVSj-VvXLO5VZfCUAVLgW4dpf1SrtZjSt34YLsRarSb127reG_DUwg9Ch-KyvjT1Sk"#,
            r#"HgUWRVGcyly7uvVGRSDwsXypdrNinPA4jlhoNdizK2zF2CWQ","p":"9gY2w6I6S6L0juEKsbeDAwpd9WMfgqFoeA9vEyEUu"#,
            r#"k4kLwBKcoe1x4HG68ik918hdDSE9vDQSccA3xXHOAFOPJ8R9EeIAbTi1VwBYnbTp87X-xcPWlEPkrdoUKW60tgs1aNd_Nnc9"#,
            r#"LEVVPMS390zbFxt8TN_biaBgelNgbC95sM","q":"uKlCKvKv_ZJMVcdIs5vVSU_6cPtYI1ljWytExV_skstvRSNi9r66jdd"#,
            r#"9-yBhVfuG4shsp2j7rGnIio901RBeHo6TPKWVVykPu1iYhQXw1jIABfw-MVsN-3bQ76WLdt2SDxsHs7q7zPyUyHXmps7ycZ5"#,
            r#"c72wGkUwNOjYelmkiNS0","dp":"w0kZbV63cVRvVX6yk3C8cMxo2qCM4Y8nsq1lmMSYhG4EcL6FWbX5h9yuvngs4iLEFk6e"#,
            r#"ALoUS4vIWEwcL4txw9LsWH_zKI-hwoReoP77cOdSL4AVcraHawlkpyd2TWjE5evgbhWtOxnZee3cXJBkAi64Ik6jZxbvk-RR"#,
            r#"3pEhnCs","dq":"o_8V14SezckO6CNLKs_btPdFiO9_kC1DsuUTd2LAfIIVeMZ7jn1Gus_Ff7B7IVx3p5KuBGOVF8L-qifLb"#,
            r#"6nQnLysgHDh132NDioZkhH7mI7hPG-PYE_odApKdnqECHWw0J-F0JWnUd6D2B_1TvF9mXA2Qx-iGYn8OVV1Bsmp6qU","qi""#,
            r#":"eNho5yRBEBxhGBtQRww9QirZsB66TrfFReG_CcteI1aCneT0ELGhYlRlCtUkTRclIfuEPmNsNDPbLoLqqCVznFbvdB7x-T"#,
            r#"l-m0l_eFTj2KiqwGqE9PZB9nNTwMVvH3VRRSLWACvPnSiwP8N5Usy-WRXS-V7TbpxIhvepTfE0NNo"}"#
        ),
        concat!(
            r#"eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.UGhIOguC7IuEvf_NPVaXsGMoLOmwvc1GyqlIKOK1nN94"#,
            r#"nHPoltGRhWhw7Zx0-kFm1NJn8LE9XShH59_i8J0PH5ZZyNfGy2xGdULU7sHNF6Gp2vPLgNZ__deLKxGHZ7PcHALUzoOegEI-"#,
            r#"8E66jX2E4zyJKx-YxzZIItRzC5hlRirb6Y5Cl_p-ko3YvkkysZIFNPccxRU7qve1WYPxqbb2Yw8kZqa2rMWI5ng8OtvzlV7e"#,
            r#"lprCbuPhcCdZ6XDP0_F8rkXds2vE4X-ncOIM8hAYHHi29NX0mcKiRaD0-D-ljQTP-cFPgwCp6X-nZZd9OHBv-B3oWh2TbqmS"#,
            r#"cqXMR4gp_A.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.9hH0vgRfYgPnAHOd8s"#,
            r#"tkvw"#
        ),
        "Live long and prosper.",
    ),
    (
        "A128KW",
        r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}"#,
        concat!(
            r#"eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzB"#,
            r#"C2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFIC"#,
            r#"bCVQ"#
        ),
        "Live long and prosper.",
    ),
];

#[test]
fn the_examples_of_the_standard_open() {
    for (alg, jwk, token, wanted) in STANDARD {
        let mut jwk: Value = serde_json::from_str(jwk).unwrap();
        jwk["alg"] = json!(alg);
        jwk["kid"] = json!("k");
        let keys = Some(Secret::new(json!({ "keys": [jwk] }).to_string()));
        let algorithms = vec![alg.parse().unwrap()];
        let decryptor = Decryptor::new(&Decryption { algorithms, content: ContentEncryption::ALL.to_vec(), keys });
        let rules = Rules::default();
        let forms = form::read(&rules, token.as_bytes()).unwrap().unwrap();
        let header: Map<String, Value> = serde_json::from_slice(&forms[0].header).unwrap();
        let enc = content_encryption(&rules, &decryptor, &header).unwrap();
        let signers = KeySet::default();
        let letter =
            Letter { rules: &rules, decryptor: &decryptor, signers: &signers, form: &forms[0], header: &header, enc };
        let keys = unwrap::content_keys(&letter).unwrap();
        assert_eq!(content::open(&letter, &keys[0]).unwrap(), wanted.as_bytes(), "{alg}");
    }
}
